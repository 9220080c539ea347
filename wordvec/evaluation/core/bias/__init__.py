"""What the measures of bias share: lists, scores over them, a direction and its sides."""
