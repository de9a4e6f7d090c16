"""Values of the charts, and the real charts they are for."""
