"""What the machine gives: files and folders that appear whole, stores by URL, threads, memory."""
