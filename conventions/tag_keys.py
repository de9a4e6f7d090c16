"""Keys of the Azure tags that every resource has; budget and policy gate look for them."""

ENVIRONMENT = "environment"
WORKLOAD = "workload"
MANAGED_BY = "managed-by"
OWNER = "owner"
COST_CENTER = "cost-center"
DATA_CLASSIFICATION = "data-classification"
TAG_KEYS = (ENVIRONMENT, WORKLOAD, MANAGED_BY, OWNER, COST_CENTER, DATA_CLASSIFICATION)
