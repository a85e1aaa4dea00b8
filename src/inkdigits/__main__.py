"""`python -m inkdigits`: the command line, where its script is not on the path."""

from inkdigits.cli import main

if __name__ == "__main__":
    main()
