"""What a Markdown document means, one idea a module: from its blocks to the parts of the model."""
