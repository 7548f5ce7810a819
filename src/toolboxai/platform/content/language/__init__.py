"""What is known of languages: their words and forms, and the fixed sentences in each."""
