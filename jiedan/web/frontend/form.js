// The form designer.
import { FormEditor } from '@bpmn-io/form-js-editor';
import { run } from './studio.js';
import { translateDocument } from './translate-document.js';
import '@bpmn-io/form-js/dist/assets/form-js.css';
import '@bpmn-io/form-js/dist/assets/form-js-editor.css';
import '@bpmn-io/form-js/dist/assets/properties-panel.css';

const designer = new FormEditor({ container: '#canvas' });
window.designer = designer;

const editor = {
  async open(text) {
    await designer.importSchema(JSON.parse(text));
  },
  async save() {
    return JSON.stringify(designer.saveSchema(), null, 2);
  },
  undo() { designer.get('commandStack').undo(); },
  redo() { designer.get('commandStack').redo(); },
  select(id) {
    const field = designer.get('formFieldRegistry').get(id);
    if (field) designer.get('selection').set(field);
  }
};

if (document.documentElement.lang.startsWith('zh')) translateDocument(document.body);
const studio = await run(editor);
designer.on('changed', () => studio.touch());
