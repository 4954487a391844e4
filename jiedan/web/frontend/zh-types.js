// Chinese for the kinds of elements as the head of the properties panel spells them: most are made
// of a trigger and an event.
const TRIGGERS = {
  Message: '消息', Timer: '定时', Signal: '信号', Error: '错误', Escalation: '升级',
  Conditional: '条件', Link: '链接', Compensate: '补偿', Terminate: '终止', Cancel: '取消',
  Multiple: '多重'
};
const EVENTS = {
  'Start Event': '开始事件', 'Intermediate Catch Event': '中间捕获事件',
  'Intermediate Throw Event': '中间抛出事件', 'Boundary Event': '边界事件', 'End Event': '结束事件'
};
const types = {
  Association: '关联', 'Business Rule Task': '业务规则任务', 'Call Activity': '调用活动',
  Collaboration: '协作', 'Complex Gateway': '复杂网关', 'Conditional Flow': '条件流',
  'Data Input': '数据输入', 'Data Input Association': '数据输入关联',
  'Data Object Reference': '数据对象', 'Data Output': '数据输出',
  'Data Output Association': '数据输出关联', 'Data Store Reference': '数据存储',
  'Default Flow': '默认流', 'Event Based Gateway': '事件网关', 'Exclusive Gateway': '排他网关',
  Group: '分组', 'Inclusive Gateway': '包容网关', Lane: '泳道', 'Manual Task': '手工任务',
  'Message Flow': '消息流', 'Parallel Gateway': '并行网关', Participant: '池', Process: '流程',
  'Receive Task': '接收任务', 'Script Task': '脚本任务', 'Send Task': '发送任务',
  'Sequence Flow': '顺序流', 'Service Task': '服务任务', 'Text Annotation': '文本注释',
  Task: '任务', Transaction: '事务', 'User Task': '用户任务', 'Ad Hoc Sub Process': '即席子流程',
  'Sub Process': '子流程', 'Collapsed Sub Process': '折叠的子流程', 'Expanded Sub Process': '展开的子流程',
  'Event Sub Process': '事件子流程'
};
for (const [event, name] of Object.entries(EVENTS)) {
  types[event] = name;
  types[`${event} (Non Interrupting)`] = `${name}(不中断)`;
  for (const [trigger, prefix] of Object.entries(TRIGGERS)) {
    types[`${trigger} ${event}`] = prefix + name;
    types[`${trigger} ${event} (Non Interrupting)`] = `${prefix}${name}(不中断)`;
  }
}
export default types;
