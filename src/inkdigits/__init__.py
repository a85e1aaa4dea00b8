"""InkDigits reads handwritten numbers from pictures."""
