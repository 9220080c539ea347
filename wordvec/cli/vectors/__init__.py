"""Commands that ask, judge and change vectors."""
