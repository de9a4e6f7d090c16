"""The commands of the how-to pages, run in a sealed shell and judged by the programs themselves."""
