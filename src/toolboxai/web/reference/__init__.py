"""The reference pages: what REST takes and answers, and what is told on channels. HTML of our own, without script."""
