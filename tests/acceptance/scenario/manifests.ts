import { images } from '../../support/images.ts'

interface PodOptions {
  command?: string[]
  image?: string
  /** Merged over the container. */
  container?: object
  /** Merged over the pod's spec. */
  spec?: object
  labels?: Record<string, string>
}

/** A pod's metadata and spec with one quick-to-stop container. */
function podTemplate(name: string, options: PodOptions) {
  return {
    metadata: { name, labels: { app: name, ...options.labels } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'main',
          image: options.image ?? images.busybox,
          command: options.command ?? ['sh', '-c', 'trap exit TERM; while :; do sleep 3600 & wait; done'],
          ...options.container,
        },
      ],
      ...options.spec,
    },
  }
}

export function pod(name: string, options: PodOptions = {}): object {
  return { apiVersion: 'v1', kind: 'Pod', ...podTemplate(name, options) }
}

export function deployment(name: string, replicas: number, options: PodOptions = {}): object {
  const { metadata, spec } = podTemplate(name, options)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: metadata.labels }, spec },
    },
  }
}

/** A small web server that answers with its pod's name. */
export const webServer: PodOptions = {
  command: ['sh', '-c', 'hostname > /www/index.html; trap exit TERM; httpd -f -p 8080 -h /www & wait'],
  container: {
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
  },
}

export function service(name: string, spec: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...spec },
  }
}
