"""Commands that read texts and count them."""
