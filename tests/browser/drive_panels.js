// Opens every panel, group, list entry and menu of the process editor, for one element of each kind.
async ([kinds, events]) => {
  const get = name => window.modeler.get(name);
  const pause = () => new Promise(done => setTimeout(done, 40));
  const all = selector => document.querySelectorAll(`#properties ${selector}`);
  const root = get('canvas').getRootElement();
  const host = root.children.find(one => one.type === 'bpmn:Participant') || root;
  const drawn = get('elementRegistry').filter(one => !one.labelTarget && one !== root);
  const made = [];
  const tasks = () => [...drawn, ...made].filter(one => one.type === 'bpmn:UserTask');

  const make = attributes => {
    const shape = get('elementFactory').createShape(attributes);
    // Far from everything that is drawn already: nothing is dropped on a flow.
    const place = { x: 300 + made.length % 8 * 200, y: 500 + Math.floor(made.length / 8) * 200 };
    const task = tasks()[0];
    made.push(attributes.type === 'bpmn:BoundaryEvent'
      ? get('modeling').createShape(shape, { x: task.x, y: task.y }, task, { attach: true })
      : get('modeling').createShape(shape, place, host));
  };
  for (const type of kinds) make({ type });
  for (const [type, eventDefinitionType] of events) make({ type, eventDefinitionType });

  const menus = ['bpmn-replace', 'bpmn-append', 'element-template-chooser', 'color-picker'];
  const openMenu = async (element, kind) => {
    const menu = get('popupMenu');
    if (menu.isEmpty(element, kind)) return;
    menu.open(element, kind, { x: 10, y: 10 });
    await pause();
    menu.close();
  };
  const look = async element => {
    // The root shows itself when nothing is chosen.
    get('selection').select(element === root ? [] : element);
    await pause();
    for (const add of all('.bio-properties-panel-add-entry')) add.click();
    await pause();
    for (const header of all('.bio-properties-panel-group-header:not(.open)')) header.click();
    await pause();
    const closed = '.bio-properties-panel-collapsible-entry:not(.open)';
    for (const item of all(`${closed} > .bio-properties-panel-collapsible-entry-header`)) item.click();
    await pause();
    for (const kind of menus) await openMenu(element, kind);
  };
  for (const element of [root, host, ...drawn.slice(0, 40), ...made]) await look(element);
  const two = [...drawn, ...made].filter(one => one.type.endsWith('Task')).slice(0, 2);
  if (two.length === 2) {
    get('selection').select(two);
    await pause();
    await openMenu(two, 'align-elements');
  }
  await openMenu(root, 'bpmn-create');
  get('minimap').open();
  await pause();
}
