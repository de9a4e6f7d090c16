"""Runs inside an Airflow environment, 2 or 3, by that environment's own Python.

Standard library and Airflow only. DAG files see this package in `sys.modules`, under a name that no
module of theirs has; nothing else of the tool is in reach of them.
"""
