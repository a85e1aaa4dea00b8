"""The training room of the digit detector: synthetic pages, targets, loss and loop."""
