"""What JSON and YAML documents make a loader do: classes they name, code they point at, texts they carry."""
