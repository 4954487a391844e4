// Charts: <div data-chart="URL of an ECharts option"> with the same figures in a table beside it.
import * as echarts from 'echarts/core';
import { BarChart, HeatmapChart, LineChart } from 'echarts/charts';
import {
  GridComponent, LegendComponent, TooltipComponent, VisualMapComponent
} from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

echarts.use([
  BarChart, HeatmapChart, LineChart, GridComponent, LegendComponent, TooltipComponent,
  VisualMapComponent, SVGRenderer
]);

for (const host of document.querySelectorAll('[data-chart]')) {
  const chart = echarts.init(host, null, { renderer: 'svg' });
  const response = await fetch(host.dataset.chart);
  chart.setOption(await response.json());
  new ResizeObserver(() => chart.resize()).observe(host);
  host.dataset.ready = 'true';
}
