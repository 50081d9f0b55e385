import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { DASHBOARD_ROWS, DASHBOARD_VARIABLES, type DashboardPanel } from './panels.ts';

const SOURCE = { type: 'prometheus', uid: '$datasource' };

/** Columns of Grafana's grid, and rows of it that a panel is high. */
const HALF = 12;
const HEIGHT = 8;

/** The file that Grafana imports. */
export function dashboardJson(): string {
  const builder = new DashboardBuilder('socklens')
    .uid('socklens')
    .description('Sockets of containers, as the host sees them. Made by npm run build:dashboard.')
    .tags(['socklens'])
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Source').type('prometheus'));
  for (const { name, label, metric, match } of DASHBOARD_VARIABLES) {
    const variable = new QueryVariableBuilder(name)
      .label(label)
      .datasource(SOURCE)
      .query(`label_values(${metric}${match}, ${name})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
      .includeAll(true)
      .allValue('.*')
      .current({ selected: true, text: 'All', value: '$__all' })
      .multi(true);
    builder.withVariable(variable);
  }
  for (const { title, panels } of DASHBOARD_ROWS) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panelOf(panel));
  }
  return `${JSON.stringify(builder.build(), null, 2)}\n`;
}

function panelOf({ title, description, unit, queries }: DashboardPanel): PanelBuilder {
  const panel = new PanelBuilder().title(title).unit(unit).min(0).height(HEIGHT).span(HALF).datasource(SOURCE);
  if (description !== '') panel.description(description);
  queries.forEach(({ expr, legend }, index) => {
    const refId = String.fromCharCode('A'.charCodeAt(0) + index);
    panel.withTarget(new DataqueryBuilder().refId(refId).expr(expr).legendFormat(legend).datasource(SOURCE));
  });
  return panel;
}
