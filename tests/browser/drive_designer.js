// Opens every group and list entry of the form designer, for each field of the form and for one
// new field of each kind.
async () => {
  const get = name => window.designer.get(name);
  const pause = () => new Promise(done => setTimeout(done, 60));
  const all = selector => document.querySelectorAll(`.fjs-properties-container ${selector}`);
  const form = get('formFieldRegistry').getAll().find(field => field.type === 'default');
  for (const type of get('formFields')._formFields ? Object.keys(get('formFields')._formFields) : []) {
    if (type !== 'default') get('modeling').addFormField({ type }, form, 0);
  }
  for (const field of get('formFieldRegistry').getAll()) {
    get('selection').set(field);
    await pause();
    for (const header of all('.bio-properties-panel-group-header:not(.open)')) header.click();
    await pause();
    const closed = '.bio-properties-panel-collapsible-entry:not(.open)';
    for (const item of all(`${closed} > .bio-properties-panel-collapsible-entry-header`)) item.click();
    await pause();
  }
}
