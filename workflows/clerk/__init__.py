"""What the officers of the organ see: lists, the case page, task forms."""
