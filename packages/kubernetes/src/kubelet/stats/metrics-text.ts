/** One metric with its values, in Prometheus' text format. */
export interface Metric {
  name: string
  help: string
  type: 'counter' | 'gauge'
  samples: {
    labels?: Record<string, string>
    value: number /** Milliseconds since the epoch. */
    time?: number
  }[]
}

/** Metrics without values are left out, as Prometheus' own writers do. */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map(({ labels = {}, value, time }) => {
        const list = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
        const of = list.length > 0 ? `{${list.join(',')}}` : ''
        return `${name}${of} ${value}${time === undefined ? '' : ` ${Math.round(time)}`}\n`
      })
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
    })
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
