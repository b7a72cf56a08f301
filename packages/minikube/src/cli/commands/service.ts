import { openCluster } from '../../cluster/cluster.ts'
import { loadProfile } from '../../cluster/profile-store.ts'
import { listServices, type ServiceUrl, serviceUrls } from '../../cluster/service-urls.ts'
import { defineCommand } from '../command.ts'
import { bool, choice, int, text } from '../flag.ts'
import { renderTemplate } from '../go-template.ts'
import { framedTable } from '../output/table.ts'
import { UsageError } from '../usage-error.ts'

const format = text('http://{{.IP}}:{{.Port}}', 'Template for a URL')
const namespace = text('default', 'Namespace of the service', { short: 'n' })

const list = defineCommand({
  name: 'list',
  summary: 'Lists the URLs of all services',
  flags: {
    format,
    namespace: text('', 'Only those of this namespace', { short: 'n' }),
    output: choice(['table', 'json'], 'table', 'table or json', { short: 'o' }),
  },
  async run({ flags, profile, home, output }) {
    const cluster = await openCluster(home, await loadProfile(home, profile))
    const found = await listServices(cluster, flags.namespace || undefined)
    if (flags.output === 'json') {
      output.print(
        JSON.stringify(
          found.map(({ namespace: Namespace, name: Name, urls }) => ({
            Namespace,
            Name,
            URLs: urls.map((each) => urlOf(each, flags.format, false)),
            PortNames: urls.map(({ target }) => target),
          })),
        ),
      )
      return 0
    }
    const rows = found.map((each) => [
      each.namespace,
      each.name,
      each.urls.map(({ target }) => target).join(' ') || 'No port',
      each.urls.map((url) => urlOf(url, flags.format, false)).join(' '),
    ])
    output.print(framedTable(['NAMESPACE', 'NAME', 'TARGET PORT', 'URL'], rows))
    return 0
  },
})

export const service = defineCommand({
  name: 'service',
  summary: 'Returns the URL of a service',
  usage: 'SERVICE',
  args: { max: Number.POSITIVE_INFINITY },
  commands: [{ name: 'list', summary: list.summary, load: async () => list }],
  flags: {
    namespace,
    format,
    all: bool(false, 'All services of the namespace'),
    url: bool(false, 'Print the URL only'),
    https: bool(false, 'https instead of http'),
    wait: int(2, 'Seconds to wait for something to be behind the service', { min: 0 }),
    interval: int(1, '', { hidden: true }),
  },
  async run({ flags, args, profile, home, output, work }) {
    if (args.length === 0 && !flags.all)
      throw new UsageError(
        "'minikube service' needs the name of a service",
        "Or '--all', or 'minikube service list'.",
      )
    const cluster = await openCluster(home, await loadProfile(home, profile))
    const names = flags.all ? (await listServices(cluster, flags.namespace)).map(({ name }) => name) : args
    for (const name of names) {
      const view = await serviceUrls(cluster, flags.namespace, name, flags.wait * 1000, work.signal)
      if (flags.url) for (const url of view.urls) output.print(urlOf(url, flags.format, flags.https))
      else {
        const rows = view.urls.map((url) => [
          view.namespace,
          view.name,
          url.target,
          urlOf(url, flags.format, flags.https),
        ])
        output.print(framedTable(['NAMESPACE', 'NAME', 'TARGET PORT', 'URL'], rows))
      }
    }
    return 0
  },
})

function urlOf(url: ServiceUrl, template: string, https: boolean): string {
  const text = renderTemplate(template, { IP: url.ip, Port: url.port, Name: url.name })
  return https ? text.replace(/^http:/, 'https:') : text
}
