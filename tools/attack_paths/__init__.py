"""Who can become whom: one graph of what the project knows, and what must not be reached in it.

Facts (facts.py, read by azure.py, cluster.py, database.py, delivery.py) become a graph (graph.py),
which is asked (questions.py) and weighed (accepted.py); report.py, page.py and picture.py tell it.
"""
