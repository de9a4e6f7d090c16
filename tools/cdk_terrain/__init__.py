"""The same sources synthesized with CDK Terrain (cdktn), the living fork of cdktf."""
