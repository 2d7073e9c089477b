"""`python -m memberpass_local.bench.billing`: what due work costs when many cycles turn in the same hour."""
