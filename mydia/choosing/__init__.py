"""What a person wants: quality profiles, and custom formats with the scores that the profiles give them."""
