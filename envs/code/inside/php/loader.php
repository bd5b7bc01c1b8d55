<?php

// Finds the classes of the working copy as composer.json says, where no vendor folder does.
(static function (string $root): void {
    if (is_file("$root/vendor/autoload.php")) {
        require_once "$root/vendor/autoload.php";
        return;
    }
    $settings = is_file("$root/composer.json")
        ? json_decode(file_get_contents("$root/composer.json"), true) : null;
    $prefixes = $files = [];
    foreach (['autoload', 'autoload-dev'] as $group) {
        $rules = $settings[$group] ?? [];
        foreach (($rules['psr-0'] ?? []) + ($rules['psr-4'] ?? []) as $prefix => $folders) {
            foreach ((array) $folders as $folder) {
                $below = isset($rules['psr-4'][$prefix]) ? strlen($prefix) : 0;
                $prefixes[] = [$prefix, $below, rtrim("$root/$folder", '/')];
            }
        }
        foreach ($rules['files'] ?? [] as $file) {
            $files[] = "$root/$file";
        }
        foreach ($rules['classmap'] ?? [] as $place) {
            $inside = is_dir("$root/$place") ? new RecursiveIteratorIterator(
                new RecursiveDirectoryIterator("$root/$place", FilesystemIterator::SKIP_DOTS)
            ) : [new SplFileInfo("$root/$place")];
            foreach ($inside as $file) {
                if ($file->getExtension() === 'php') {
                    $files[] = $file->getPathname();
                }
            }
        }
    }
    spl_autoload_register(static function (string $class) use ($prefixes): void {
        foreach ($prefixes as [$prefix, $below, $folder]) {
            $path = "$folder/" . strtr(substr($class, $below), '\\', '/') . '.php';
            if (strncmp($class, $prefix, strlen($prefix)) === 0 && is_file($path)) {
                require_once $path;
                return;
            }
        }
    });
    sort($files);
    foreach ($files as $file) {
        require_once $file;
    }
})('/home/agent/repo');
