"""The process platform: runs BPMN, knows nothing of orders."""
