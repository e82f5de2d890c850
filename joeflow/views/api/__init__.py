"""What programs get: JSON in the place of forms and pages, and a document that describes it."""
