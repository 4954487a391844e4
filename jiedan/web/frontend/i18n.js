// Words of the editors in the reader's language: the community's list, then ours on top of it.
import bpmn from 'bpmn-js-i18n-zh/lib/bpmn-js/index.js';
import panel from 'bpmn-js-i18n-zh/lib/properties-panel/index.js';
import zeebe from 'bpmn-js-i18n-zh/lib/zeebe-properties-panel/index.js';
import own from './zh.js';
import types from './zh-types.js';

const dictionary = { ...zeebe, ...panel, ...bpmn, ...types, ...own };

// What was asked for and not found; a test drives every panel and reads it.
export const untranslated = new Set();
window.untranslated = untranslated;

export function translate(template, replacements = {}) {
  let text = template;
  if (document.documentElement.lang.startsWith('zh')) {
    text = dictionary[template];
    if (text === undefined) {
      untranslated.add(template);
      text = template;
    }
  }
  return text.replace(/{([^}]+)}/g, (_, key) => (key in replacements ? replacements[key] : `{${key}}`));
}

export default { translate: ['value', translate] };
