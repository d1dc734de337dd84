"""What `side_by_side.py` is made of: one module a section, and what they share."""
