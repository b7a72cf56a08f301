import { main } from './main.ts'

// MINIKUBE_ARGV0: what the launcher was called as; node itself knows only the file it runs.
process.exit(await main(process.env.MINIKUBE_ARGV0 ?? 'minikube', process.argv.slice(2)))
