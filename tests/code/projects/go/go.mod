module example.org/limiter

go 1.18
