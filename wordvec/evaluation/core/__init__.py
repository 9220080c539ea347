"""What measures stand on: spaces, statistics, data sets, results."""
