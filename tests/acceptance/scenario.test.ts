import { describe } from 'node:test'
import { cells } from './cells.ts'
import { scenario } from './scenario/scenario.ts'

for (const cell of cells()) {
  describe(`${cell.driver} × ${cell.runtime} × ${cell.engine}`, { skip: cell.skip ?? false }, () =>
    scenario(cell),
  )
}
