// Draws process diagrams to look at: where the tokens are, what was done, how often, what failed.
//
// <div class="diagram" data-diagram="URL of {processes, elements}" [data-poll="seconds"]>: the
// answer is {processes: [{id, name, version, xml, current}], elements: {process: {element:
// {active, done, incident}}}}. One process is shown at a time; buttons switch between them.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import { frame } from './framing.js';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';

const CHINESE = document.documentElement.lang.startsWith('zh');
const WORDS = CHINESE
  ? { diagram: '流程图', processes: '流程', closer: '放大', farther: '缩小', whole: '看全图' }
  : { diagram: 'Diagram', processes: 'Processes', closer: 'Zoom in', farther: 'Zoom out', whole: 'Whole diagram' };
const MARGIN = { left: 24, right: 24, top: 24, bottom: 24 };
const SMALLEST = 0.75;
const LABEL = 90; // the width that bpmn-js gives to a label of its own
const ZEEBE = 'http://camunda.org/schema/zeebe/1.0';

class Diagram {
  constructor(host) {
    this.host = host;
    this.url = host.dataset.diagram;
    this.etag = null;
    this.drawn = null;
    this.marked = [];
    this.tabs = element('div', 'diagram-tabs');
    this.canvas = element('div', 'diagram-canvas');
    this.canvas.setAttribute('role', 'group');
    this.canvas.setAttribute('aria-label', WORDS.diagram);
    const bar = element('div', 'diagram-bar no-print');
    bar.append(this.tabs, this.tools());
    host.replaceChildren(bar, this.canvas);
    this.viewer = new NavigatedViewer({ container: this.canvas });
    this.viewer.on('element.click', event => this.select(event.element));
  }

  async start() {
    await this.load();
    const seconds = Number(this.host.dataset.poll || 0);
    if (seconds) {
      // A poll that fails is made up for by the next one.
      setInterval(() => { if (!document.hidden) this.load().catch(() => {}); }, seconds * 1000);
    }
    this.host.dataset.ready = 'true';
  }

  async load() {
    const headers = this.etag ? { 'If-None-Match': this.etag } : {};
    const response = await fetch(this.url, { headers });
    if (response.status === 304) return;
    if (!response.ok) {
      if (this.state) return;
      throw new Error(String(response.status));
    }
    this.etag = response.headers.get('ETag');
    this.state = await response.json();
    const names = this.state.processes.map(process => process.id);
    if (!this.shown || !names.includes(this.shown)) {
      const current = this.state.processes.find(process => process.current);
      this.shown = (current || this.state.processes[0]).id;
    }
    this.drawTabs();
    await this.draw();
  }

  drawTabs() {
    if (this.state.processes.length < 2) return;
    this.tabs.setAttribute('role', 'tablist');
    this.tabs.setAttribute('aria-label', WORDS.processes);
    this.tabs.replaceChildren(...this.state.processes.map(process => {
      const button = action(`${process.name} v${process.version}`, async () => {
        this.shown = process.id;
        this.drawTabs();
        await this.draw();
      });
      button.setAttribute('role', 'tab');
      button.setAttribute('aria-selected', String(process.id === this.shown));
      if (process.current) button.classList.add('has-token');
      return button;
    }));
  }

  tools() {
    const box = element('div', 'diagram-zoom row');
    const zoom = by => this.viewer.get('zoomScroll').stepZoom(by);
    const minus = action('−', () => zoom(-1));
    minus.setAttribute('aria-label', WORDS.farther);
    const plus = action('+', () => zoom(1));
    plus.setAttribute('aria-label', WORDS.closer);
    box.append(minus, plus, action(WORDS.whole, () => this.frame(0)));
    return box;
  }

  async draw() {
    const process = this.state.processes.find(each => each.id === this.shown);
    if (this.drawn !== process.xml) {
      const xml = await (await fetch(process.xml)).text();
      await this.viewer.importXML(CHINESE ? xml : inEnglish(xml));
      this.drawn = process.xml;
      this.frame(SMALLEST);
    }
    this.mark(this.state.elements[this.shown] || {});
  }

  // A long diagram stays readable: it opens where the work is, not shrunk to a line.
  frame(smallest) {
    const elements = this.state.elements[this.shown] || {};
    const active = Object.keys(elements).find(id => elements[id].incident)
      || Object.keys(elements).find(id => elements[id].active);
    const target = (active && this.viewer.get('elementRegistry').get(active)) || null;
    frame(this.viewer.get('canvas'), { smallest, margin: MARGIN, target });
  }

  mark(elements) {
    const canvas = this.viewer.get('canvas');
    const overlays = this.viewer.get('overlays');
    const registry = this.viewer.get('elementRegistry');
    overlays.clear();
    for (const [id, marker] of this.marked) if (registry.get(id)) canvas.removeMarker(id, marker);
    this.marked = [];
    for (const [id, facts] of Object.entries(elements)) {
      if (!registry.get(id)) continue;
      const marker = facts.incident ? 'is-incident' : facts.active ? 'is-active'
        : facts.done ? 'is-done' : null;
      if (marker) {
        canvas.addMarker(id, marker);
        this.marked.push([id, marker]);
      }
      if (facts.incident) overlays.add(id, badge('incident', '!', { top: -12, right: 12 }));
      else if (facts.active) overlays.add(id, badge('token', facts.active, { top: -12, left: -12 }));
      if (facts.done > 1) overlays.add(id, badge('count', `×${facts.done}`, { bottom: 10, right: 14 }));
    }
  }

  select(chosen) {
    this.host.dispatchEvent(new CustomEvent('diagram:select', {
      bubbles: true, detail: { process: this.shown, element: chosen.id }
    }));
  }
}

// The diagram's own names are Chinese; its English ones stand beside them as properties.
function inEnglish(xml) {
  const parsed = new DOMParser().parseFromString(xml, 'application/xml');
  for (const property of parsed.getElementsByTagNameNS(ZEEBE, 'property')) {
    if (property.getAttribute('name') !== 'jiedan:name.en') continue;
    const owner = property.closest('extensionElements')?.parentElement;
    if (!owner || !property.getAttribute('value')) continue;
    owner.setAttribute('name', property.getAttribute('value'));
    widen(parsed, owner.id);
    // A pool bears the name of its process.
    for (const pool of parsed.querySelectorAll('participant')) {
      if (pool.getAttribute('processRef') === owner.id) pool.setAttribute('name', owner.getAttribute('name'));
    }
  }
  return new XMLSerializer().serializeToString(parsed);
}

// Labels beside an element were drawn as wide as their Chinese is.
function widen(parsed, id) {
  const drawn = parsed.querySelector(`[bpmnElement="${CSS.escape(id)}"]`);
  const bounds = drawn?.querySelector('BPMNLabel > Bounds');
  if (!bounds) return;
  const width = Number(bounds.getAttribute('width'));
  if (!(width < LABEL)) return;
  bounds.setAttribute('x', String(Number(bounds.getAttribute('x')) - (LABEL - width) / 2));
  bounds.setAttribute('width', String(LABEL));
}

function badge(kind, text, position) {
  const html = element('span', `diagram-badge ${kind}`);
  html.textContent = String(text);
  return { position, html };
}

function element(tag, classes) {
  const made = document.createElement(tag);
  made.className = classes;
  return made;
}

function action(text, act) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = text;
  button.addEventListener('click', act);
  return button;
}

for (const host of document.querySelectorAll('[data-diagram]')) {
  new Diagram(host).start().catch(error => {
    host.textContent = host.dataset.failed || String(error);
    host.dataset.ready = 'failed';
  });
}
