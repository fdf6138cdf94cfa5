const NOBODY = 65_534;

/** Does work without the rights of root, to whom no file is closed. The whole process changes, so nothing else may go on in it meanwhile. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const user = process.geteuid!();
  if (user === 0) process.seteuid!(NOBODY);
  try {
    return await work();
  } finally {
    if (user === 0) process.seteuid!(user);
  }
}
