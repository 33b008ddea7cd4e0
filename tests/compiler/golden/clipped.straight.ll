declare i64 @llvm.vector.reduce.add.v4i64(<4 x i64>)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare <4 x double> @llvm.sqrt.v4f64(<4 x double>)
define internal <4 x double> @sqrt.v4(<4 x double> %x) {
entry:
  %v1 = call <4 x double> @llvm.sqrt.v4f64(<4 x double> %x)
  ret <4 x double> %v1
}
define i64 @kernel(i64 %rows, ptr noalias %columns, ptr noalias %strides, ptr noalias %shared, ptr noalias %outs, ptr noalias %sums, ptr noalias %flags, ptr noalias %scratch) {
entry:
  %some = icmp sgt i64 %rows, 0
  %failures = alloca i64
  store i64 0, ptr %failures
  call void @llvm.memset.p0.i64(ptr %scratch, i8 0, i64 64, i1 false)
  %t1 = load double, ptr %shared
  %t3 = fmul double %t1, %t1
  br i1 %some, label %yes1, label %no2
yes1:
  %v4 = load ptr, ptr %columns
  %v5 = load i64, ptr %strides
  %v6 = load ptr, ptr %outs
  %v7 = sub i64 %rows, 1
  %v8 = add i64 %rows, 3
  %v9 = udiv i64 %v8, 4
  br label %loop10
loop10:
  %i12 = phi i64 [ 0, %yes1 ], [ %i13, %loop10 ]
  %v14 = mul i64 %i12, 4
  %v15 = sub i64 %rows, %v14
  %v16 = add i64 %v14, 0
  %v17 = icmp slt i64 %v16, %rows
  %v18 = select i1 %v17, i64 %v16, i64 %v7
  %v19 = add i64 %v14, 1
  %v20 = icmp slt i64 %v19, %rows
  %v21 = select i1 %v20, i64 %v19, i64 %v7
  %v22 = add i64 %v14, 2
  %v23 = icmp slt i64 %v22, %rows
  %v24 = select i1 %v23, i64 %v22, i64 %v7
  %v25 = add i64 %v14, 3
  %v26 = icmp slt i64 %v25, %rows
  %v27 = select i1 %v26, i64 %v25, i64 %v7
  %v28 = mul i64 %v18, %v5
  %v29 = getelementptr i8, ptr %v4, i64 %v28
  %v30 = load double, ptr %v29
  %v31 = insertelement <4 x double> poison, double %v30, i32 0
  %v32 = mul i64 %v21, %v5
  %v33 = getelementptr i8, ptr %v4, i64 %v32
  %v34 = load double, ptr %v33
  %v35 = insertelement <4 x double> %v31, double %v34, i32 1
  %v36 = mul i64 %v24, %v5
  %v37 = getelementptr i8, ptr %v4, i64 %v36
  %v38 = load double, ptr %v37
  %v39 = insertelement <4 x double> %v35, double %v38, i32 2
  %v40 = mul i64 %v27, %v5
  %v41 = getelementptr i8, ptr %v4, i64 %v40
  %v42 = load double, ptr %v41
  %t0 = insertelement <4 x double> %v39, double %v42, i32 3
  %t4 = call <4 x double> @sqrt.v4(<4 x double> %t0)
  %v43 = insertelement <4 x double> poison, double %t3, i32 0
  %v44 = shufflevector <4 x double> %v43, <4 x double> poison, <4 x i32> zeroinitializer
  %v45 = fcmp olt <4 x double> %t4, %v44
  %t5 = select <4 x i1> %v45, <4 x double> %t4, <4 x double> %v44
  %t6 = fadd <4 x double> %t5, %v44
  %v46 = getelementptr double, ptr %v6, i64 %v14
  store <4 x double> %t4, ptr %v46, align 8
  %v47 = icmp slt i64 %v15, 4
  %v48 = getelementptr double, ptr %scratch, i64 4
  %v49 = select i1 %v47, ptr %v48, ptr %scratch
  %v50 = load <4 x double>, ptr %v49, align 8
  %v51 = fadd <4 x double> %v50, %t5
  store <4 x double> %v51, ptr %v49, align 8
  %v52 = fcmp ogt <4 x double> %t0, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v53 = and <4 x i1> <i1 true, i1 true, i1 true, i1 true>, %v52
  %v54 = zext <4 x i1> %v53 to <4 x i8>
  %v55 = getelementptr i8, ptr %flags, i64 %v14
  store <4 x i8> %v54, ptr %v55, align 1
  %v56 = xor <4 x i1> %v53, <i1 true, i1 true, i1 true, i1 true>
  %v57 = insertelement <4 x i64> poison, i64 %v15, i32 0
  %v58 = shufflevector <4 x i64> %v57, <4 x i64> poison, <4 x i32> zeroinitializer
  %v59 = icmp slt <4 x i64> <i64 0, i64 1, i64 2, i64 3>, %v58
  %v60 = and <4 x i1> %v56, %v59
  %v61 = zext <4 x i1> %v60 to <4 x i64>
  %v62 = call i64 @llvm.vector.reduce.add.v4i64(<4 x i64> %v61)
  %v63 = load i64, ptr %failures
  %v64 = add i64 %v63, %v62
  store i64 %v64, ptr %failures
  %i13 = add nuw nsw i64 %i12, 1
  %v65 = icmp slt i64 %i13, %v9
  br i1 %v65, label %loop10, label %end11
end11:
  br label %loop66
loop66:
  %i68 = phi i64 [ 0, %end11 ], [ %i69, %end73 ]
  %v70 = mul i64 %i68, 4
  %v71 = getelementptr double, ptr %scratch, i64 %v70
  br label %loop72
loop72:
  %i74 = phi i64 [ 0, %loop66 ], [ %i75, %loop72 ]
  %c76 = phi double [ 0x0000000000000000, %loop66 ], [ %v79, %loop72 ]
  %v77 = getelementptr double, ptr %v71, i64 %i74
  %v78 = load double, ptr %v77
  %v79 = fadd double %c76, %v78
  %i75 = add nuw nsw i64 %i74, 1
  %v80 = icmp slt i64 %i75, 4
  br i1 %v80, label %loop72, label %end73
end73:
  %v81 = getelementptr double, ptr %scratch, i64 %i68
  store double %v79, ptr %v81
  %i69 = add nuw nsw i64 %i68, 1
  %v82 = icmp slt i64 %i69, 1
  br i1 %v82, label %loop66, label %end67
end67:
  %v83 = urem i64 %rows, 4
  %v84 = icmp ne i64 %v83, 0
  br i1 %v84, label %yes85, label %no86
yes85:
  br label %loop88
loop88:
  %i90 = phi i64 [ 0, %yes85 ], [ %i91, %end98 ]
  %v92 = getelementptr double, ptr %scratch, i64 %i90
  %v93 = getelementptr double, ptr %scratch, i64 4
  %v94 = mul i64 %i90, 4
  %v95 = getelementptr double, ptr %v93, i64 %v94
  %v96 = load double, ptr %v92
  br label %loop97
loop97:
  %i99 = phi i64 [ 0, %loop88 ], [ %i100, %loop97 ]
  %c101 = phi double [ %v96, %loop88 ], [ %v104, %loop97 ]
  %v102 = getelementptr double, ptr %v95, i64 %i99
  %v103 = load double, ptr %v102
  %v104 = fadd double %c101, %v103
  %i100 = add nuw nsw i64 %i99, 1
  %v105 = icmp slt i64 %i100, %v83
  br i1 %v105, label %loop97, label %end98
end98:
  store double %v104, ptr %v92
  %i91 = add nuw nsw i64 %i90, 1
  %v106 = icmp slt i64 %i91, 1
  br i1 %v106, label %loop88, label %end89
end89:
  br label %end87
no86:
  br label %end87
end87:
  br label %end3
no2:
  br label %end3
end3:
  %v107 = sitofp i64 %rows to double
  %v108 = load double, ptr %scratch
  %v109 = fmul double %t3, %v107
  %v110 = fadd double %v108, %v109
  store double %v110, ptr %sums
  %v111 = load i64, ptr %failures
  ret i64 %v111
}
