// Draws process diagrams to look at: where the tokens are, what was done, how often, what failed.
//
// <div class="diagram" data-diagram="URL of {processes, elements}" [data-poll="seconds"]>: the
// answer is {processes: [{id, name, xml, current}], elements: {process: {element: {active, done,
// incident, title}}}}. One process is shown at a time; buttons switch between them.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';

class Diagram {
  constructor(host) {
    this.host = host;
    this.url = host.dataset.diagram;
    this.etag = null;
    this.tabs = document.createElement('div');
    this.tabs.className = 'diagram-tabs';
    this.tabs.setAttribute('role', 'tablist');
    this.canvas = document.createElement('div');
    this.canvas.className = 'diagram-canvas';
    host.replaceChildren(this.tabs, this.canvas);
    this.viewer = new NavigatedViewer({ container: this.canvas });
    this.viewer.on('element.click', ({ element }) => this.select(element));
    this.drawn = null;
    this.marked = [];
  }

  async start() {
    await this.load();
    const seconds = Number(this.host.dataset.poll || 0);
    if (seconds) {
      setInterval(() => { if (!document.hidden) this.load(); }, seconds * 1000);
    }
    this.host.dataset.ready = 'true';
  }

  async load() {
    const headers = this.etag ? { 'If-None-Match': this.etag } : {};
    const response = await fetch(this.url, { headers });
    if (response.status === 304 || !response.ok) return;
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
    this.tabs.replaceChildren(...this.state.processes.map(process => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = process.name;
      button.setAttribute('role', 'tab');
      button.setAttribute('aria-selected', String(process.id === this.shown));
      if (process.current) button.classList.add('has-token');
      button.addEventListener('click', async () => {
        this.shown = process.id;
        this.drawTabs();
        await this.draw();
      });
      return button;
    }));
  }

  async draw() {
    const process = this.state.processes.find(each => each.id === this.shown);
    if (this.drawn !== process.xml) {
      const xml = await (await fetch(process.xml)).text();
      await this.viewer.importXML(xml);
      this.drawn = process.xml;
      this.fit();
    }
    this.mark(this.state.elements[this.shown] || {});
  }

  fit() {
    const canvas = this.viewer.get('canvas');
    canvas.zoom('fit-viewport', 'auto');
    // A long diagram stays readable: it opens where the work is, not shrunk to a line.
    if (canvas.zoom() < 0.55) {
      canvas.zoom(0.55, { x: 0, y: 0 });
      const elements = this.state.elements[this.shown] || {};
      const active = Object.keys(elements).find(id => elements[id].active);
      const target = active && this.viewer.get('elementRegistry').get(active);
      if (target) canvas.scrollToElement(target, { top: 120, bottom: 120, left: 200, right: 200 });
    }
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

  select(element) {
    this.host.dispatchEvent(new CustomEvent('diagram:select', {
      bubbles: true, detail: { process: this.shown, element: element.id }
    }));
  }
}

function badge(kind, text, position) {
  const html = document.createElement('span');
  html.className = `diagram-badge ${kind}`;
  html.textContent = String(text);
  return { position, html };
}

for (const host of document.querySelectorAll('[data-diagram]')) {
  new Diagram(host).start().catch(error => {
    host.textContent = host.dataset.failed || String(error);
    host.dataset.ready = 'failed';
  });
}
