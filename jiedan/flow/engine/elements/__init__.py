"""The BPMN elements as classes of the library's task specification, one module per family."""
