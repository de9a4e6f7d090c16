"""Synthesizes five empty stacks: what cdktf costs before a project adds anything."""

import os

from cdktf import App, TerraformStack

if __name__ == "__main__":
    app = App(outdir=os.environ["CDKTF_OUTDIR"])
    for number in range(5):
        TerraformStack(app, f"empty-{number}")
    app.synth()
