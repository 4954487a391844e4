// The decision editor: requirement diagrams, decision tables and literal expressions.
import DmnModeler from 'dmn-js/lib/Modeler';
import translateModule from './i18n.js';
import { run } from './studio.js';
import 'dmn-js/dist/assets/diagram-js.css';
import 'dmn-js/dist/assets/dmn-js-shared.css';
import 'dmn-js/dist/assets/dmn-js-drd.css';
import 'dmn-js/dist/assets/dmn-js-decision-table.css';
import 'dmn-js/dist/assets/dmn-js-decision-table-controls.css';
import 'dmn-js/dist/assets/dmn-js-literal-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression-controls.css';
import 'dmn-js/dist/assets/dmn-font/css/dmn.css';

const part = { additionalModules: [translateModule] };
const modeler = new DmnModeler({
  container: '#canvas',
  keyboard: { bindTo: document },
  common: part,
  drd: part,
  decisionTable: part,
  literalExpression: part,
  boxedExpression: part
});
window.modeler = modeler;

let studio = null;
const listening = new WeakSet();

// Each view has a viewer of its own with its own commands; listen to each one once.
function listen() {
  const viewer = modeler.getActiveViewer();
  if (!viewer || listening.has(viewer)) return;
  listening.add(viewer);
  viewer.get('eventBus').on('commandStack.changed', () => studio?.touch());
}

const editor = {
  async open(xml) {
    await modeler.importXML(xml);
    const view = modeler.getViews().find(each => each.type === 'decisionTable');
    if (view) await modeler.open(view);
    listen();
  },
  async save() {
    return (await modeler.saveXML({ format: true })).xml;
  },
  undo() { modeler.getActiveViewer()?.get('commandStack').undo(); },
  redo() { modeler.getActiveViewer()?.get('commandStack').redo(); },
  async select(id) {
    const view = modeler.getViews().find(each => each.element.id === id);
    if (view) await modeler.open(view);
  }
};

modeler.on('views.changed', listen);
studio = await run(editor);
