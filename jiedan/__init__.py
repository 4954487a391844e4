"""Jiedan 接单: an order desk that runs a company's regulations as BPMN processes."""
