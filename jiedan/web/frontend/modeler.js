// The process editor: BPMN with zeebe extensions, handlers as element templates, findings on the
// diagram while one draws.
import BpmnModeler from 'bpmn-js/lib/Modeler';
import {
  BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule
} from 'bpmn-js-properties-panel';
import { CloudElementTemplatesPropertiesProviderModule } from 'bpmn-js-element-templates';
import ElementTemplateChooserModule from '@bpmn-io/element-template-chooser';
import {
  CreateAppendAnythingModule, CreateAppendElementTemplatesModule
} from 'bpmn-js-create-append-anything';
import ZeebeBehaviors from 'camunda-bpmn-js-behaviors/lib/camunda-cloud';
import zeebeModdle from 'zeebe-bpmn-moddle/resources/zeebe.json';
import minimapModule from 'diagram-js-minimap';
import gridModule from 'diagram-js-grid';
import NativeCopyPaste from 'bpmn-js-native-copy-paste';
import ColorPicker from 'bpmn-js-color-picker';
import translateModule from './i18n.js';
import { frame } from './framing.js';
import { page, run } from './studio.js';
import { undrawnIn, withUndrawn } from './undrawn.js';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import '@bpmn-io/properties-panel/dist/assets/properties-panel.css';
import 'bpmn-js-element-templates/dist/assets/element-templates.css';
import '@bpmn-io/element-template-chooser/dist/element-template-chooser.css';
import 'diagram-js-minimap/assets/diagram-js-minimap.css';
import 'bpmn-js-color-picker/colors/color-picker.css';

// The palette lies over the left edge; the rest is air.
const MARGIN = { left: 125, right: 30, top: 30, bottom: 30 };
const SMALLEST = 0.75;
// How far from the edges a chosen element comes to rest: its tools beside it cover neither the
// palette nor the mark of bpmn.io.
const SIGHT = { left: 160, right: 260, top: 100, bottom: 180 };

// Groups that mean nothing to our engine would only mislead.
const UNUSED_GROUPS = /ExecutionListeners|JobPriority|VersionTag|ActiveElements/i;

class LeaveOutUnused {
  constructor(propertiesPanel) { propertiesPanel.registerProvider(200, this); }
  getGroups() { return groups => groups.filter(group => !UNUSED_GROUPS.test(group.id)); }
}
LeaveOutUnused.$inject = ['propertiesPanel'];

const modeler = new BpmnModeler({
  container: '#canvas',
  propertiesPanel: { parent: '#properties' },
  moddleExtensions: { zeebe: zeebeModdle },
  additionalModules: [
    BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule,
    CloudElementTemplatesPropertiesProviderModule, ZeebeBehaviors, ElementTemplateChooserModule,
    CreateAppendAnythingModule, CreateAppendElementTemplatesModule, minimapModule, gridModule,
    NativeCopyPaste, ColorPicker, translateModule,
    { __init__: ['leaveOutUnused'], leaveOutUnused: ['type', LeaveOutUnused] }
  ]
});
// Browser tests drive the editor through them.
window.modeler = modeler;

let marked = [];
let undrawn = [];

const editor = {
  async open(xml) {
    await modeler.importXML(xml);
    undrawn = undrawnIn(xml, modeler.get('elementRegistry'));
    frame(modeler.get('canvas'), { smallest: SMALLEST, margin: MARGIN });
  },
  async save() {
    return withUndrawn((await modeler.saveXML({ format: true })).xml, undrawn);
  },
  fit() { frame(modeler.get('canvas'), { smallest: 0, margin: MARGIN }); },
  undo() { modeler.get('commandStack').undo(); },
  redo() { modeler.get('commandStack').redo(); },
  select(id) {
    const element = modeler.get('elementRegistry').get(id);
    if (!element) return;
    modeler.get('selection').select(element);
    modeler.get('canvas').scrollToElement(element, SIGHT);
  },
  mark(findings) {
    const canvas = modeler.get('canvas');
    const registry = modeler.get('elementRegistry');
    const overlays = modeler.get('overlays');
    overlays.remove({ type: 'finding' });
    for (const [id, marker] of marked) if (registry.get(id)) canvas.removeMarker(id, marker);
    marked = [];
    for (const finding of findings) {
      const element = registry.get(finding.element);
      if (!element || element === canvas.getRootElement()) continue;
      const marker = `has-${finding.severity}`;
      canvas.addMarker(element, marker);
      marked.push([finding.element, marker]);
      const html = document.createElement('span');
      html.className = `diagram-badge ${finding.severity}`;
      html.textContent = '!';
      html.title = finding.message;
      overlays.add(element, 'finding', { position: { top: -10, left: -10 }, html });
    }
  }
};

window.exported = () => editor.save();

const templates = await fetch(page.dataset.templates);
if (templates.ok) modeler.get('elementTemplatesLoader').setTemplates(await templates.json());
const studio = await run(editor);
modeler.on('commandStack.changed', () => studio.touch());
