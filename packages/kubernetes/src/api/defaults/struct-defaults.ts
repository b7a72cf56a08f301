/**
 * Default functions by struct name without package, for the structs of one package. Each changes the struct it is given;
 * those of enclosing structs run first.
 */
export type StructDefaults = Readonly<Record<string, (value: never) => void>>
