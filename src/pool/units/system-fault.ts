/** What the operating system said, in words; anything else is a fault of ours and thrown on. */
export function systemFault(error: unknown): string {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) throw error;
  switch (error.code) {
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOENT":
      return "is gone";
    case "EISDIR":
      return "is a folder";
    default:
      return `cannot be read (${String(error.code)})`;
  }
}
