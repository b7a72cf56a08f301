/** Where a component writes what an operator may want to read. Passed in, never global. */
export interface Logger {
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
  /** A logger that names the component in each line. */
  child(component: string): Logger
}

/** One line per message: time, level, component, message, then `key=value` fields. `write` gets the line with its newline. */
export function createLogger(write: (line: string) => void, component = ''): Logger {
  const line = (level: string, message: string, fields?: Record<string, unknown>): void => {
    const tail = Object.entries(fields ?? {})
      .map(
        ([key, value]) =>
          ` ${key}=${value instanceof Error ? JSON.stringify(value.message) : JSON.stringify(value)}`,
      )
      .join('')
    write(`${new Date().toISOString()} ${level} ${component ? `${component}: ` : ''}${message}${tail}\n`)
  }
  return {
    info: (message, fields) => line('I', message, fields),
    warn: (message, fields) => line('W', message, fields),
    error: (message, fields) => line('E', message, fields),
    child: (name) => createLogger(write, component ? `${component}/${name}` : name),
  }
}

/** Drops everything. */
export const silentLogger: Logger = { info() {}, warn() {}, error() {}, child: () => silentLogger }
