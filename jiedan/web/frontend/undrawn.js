// Keeps the shapes of what the editor does not draw: the inside of an expanded call activity is a
// process of its own without a pool, which bpmn-js leaves out, and would leave out when saving.
const BPMNDI = 'http://www.omg.org/spec/BPMN/20100524/DI';
const KINDS = ['BPMNShape', 'BPMNEdge'];

// The drawn parts of a file whose elements are in it, but not on the canvas.
export function undrawnIn(xml, registry) {
  const parsed = parse(xml);
  return drawnIn(parsed).filter(node => {
    const id = elementOf(node);
    return id && !registry.get(id) && parsed.querySelector(`[id="${CSS.escape(id)}"]`);
  });
}

// The file with these parts put back, as far as their elements are still there.
export function withUndrawn(xml, undrawn) {
  if (!undrawn.length) return xml;
  const parsed = parse(xml);
  const plane = parsed.getElementsByTagNameNS(BPMNDI, 'BPMNPlane')[0];
  const drawn = new Set(drawnIn(parsed).map(elementOf));
  const missing = undrawn.filter(node => {
    const id = elementOf(node);
    return !drawn.has(id) && parsed.querySelector(`[id="${CSS.escape(id)}"]`);
  });
  if (!plane || !missing.length) return xml;
  for (const node of missing) plane.append(parsed.importNode(node, true), '\n');
  return new XMLSerializer().serializeToString(parsed);
}

function parse(xml) {
  return new DOMParser().parseFromString(xml, 'application/xml');
}

function drawnIn(parsed) {
  return KINDS.flatMap(kind => [...parsed.getElementsByTagNameNS(BPMNDI, kind)]);
}

function elementOf(node) {
  return (node.getAttribute('bpmnElement') || '').split(':').pop();
}
